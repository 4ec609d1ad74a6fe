"""How long a search takes: in process, over REST, under a crowd, and beside LlamaIndex."""
