"""The data path of the inference core: from a request with a key to a model and back."""
