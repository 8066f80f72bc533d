"""One file a protocol, pure: a request out, bytes in, events out. Providers are rows until theirs differs."""
