from app import create_app

from flask_alembic.signals import SIGNALS

app = create_app()


for name, signal in SIGNALS.items():

    def receiver(app, name=name, **arguments):
        print(f"{name}({', '.join(arguments)})")

    signal.connect(receiver, sender=app, weak=False)
