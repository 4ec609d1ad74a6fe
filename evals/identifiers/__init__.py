"""Are identifiers, formulas and numbers with units found in the forms in which people type them?"""
