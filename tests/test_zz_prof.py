import time, pytest
from django.db import connection
from openpatron.patrons.models import Barcode
from openpatron.ledger.engine import run
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
@pytest.mark.parametrize("n",[2000,4000])
def test_prof(world, settings, n):
    settings.OPENPATRON_JOB_BATCH_ROWS = 10000
    t=time.time()
    world.crowd(n, world.maple, lambda i: f"{10_000 + i}")
    one=world.patron(world.cedar, grade="8")
    Barcode.objects.bulk_create(Barcode(organization=world.cascadia, patron=one, site=world.cedar, value=f"{10_000 + i}", state="replaced") for i in range(n))
    print("made", time.time()-t)
    def w(execute, sql, params, many, context):
        t=time.time()
        r=execute(sql, params, many, context)
        d=time.time()-t
        if d>0.1: print(n, round(d,2), " ".join(sql.split())[:300])
        return r
    with connection.execute_wrapper(w):
        t=time.time()
        job=world.plan(); print("plan",time.time()-t); t=time.time()
        job=run(confirm_job(world.operator, job)); print("apply",time.time()-t); t=time.time()
        run(undo_job(world.operator,job)); print("undo",time.time()-t)
