"""How indexing grows with machines: measured with one and two workers, modelled onward."""
