"""The paper twin of a plan: what people do by hand when there is nothing but paper, and how its results come back."""
