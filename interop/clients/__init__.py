"""One module for each real POP3 client, see check_clients.py."""
