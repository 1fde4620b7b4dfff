"""What is brought becomes findable. A process of its own: no models and no Celery, but it may take long."""
