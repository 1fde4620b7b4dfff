"""Programs that people and CI run beside the product: generators, bootstrap, checks."""
