"""Run in FlagEmbedding's own environment: what its BGEM3FlagModel makes of the texts on stdin.

Arguments: the folder of the model. Writes one JSON object: dense, sparse, colbert, a list each.
"""

import importlib
import json
import sys
from typing import Any


def main() -> None:
    library: Any = importlib.import_module("FlagEmbedding")
    model = library.BGEM3FlagModel(sys.argv[1], use_fp16=False, devices="cpu")
    found = model.encode(
        json.load(sys.stdin),
        return_dense=True,
        return_sparse=True,
        return_colbert_vecs=True,
        max_length=512,
    )
    answer = {
        "dense": found["dense_vecs"].tolist(),
        "sparse": [
            {token: float(weight) for token, weight in weights.items()}
            for weights in found["lexical_weights"]
        ],
        "colbert": [vectors.tolist() for vectors in found["colbert_vecs"]],
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
