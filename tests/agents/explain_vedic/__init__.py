"""The Vedic explainer, step by step and as a whole."""
