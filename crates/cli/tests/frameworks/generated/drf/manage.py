import os
import shutil
import signal
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def serve():
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from waitress import create_server

    call_command("migrate", run_syncdb=True, verbosity=0)
    from library.seed import seed

    seed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=int(os.environ.get("PORT", "0")), threads=4)
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)
    try:
        server.run()
    finally:
        shutil.rmtree(os.path.dirname(settings.DB_FILE), ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
        from django.conf import settings

        shutil.rmtree(os.path.dirname(settings.DB_FILE), ignore_errors=True)
