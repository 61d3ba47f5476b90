"""One module for each real SMTP client, see check_smtp_clients.py."""
