"""Teachers: the models, or the offline stand-in, that write programs and answers."""
