"""Dask on this machine: an array with tqdm's callback, and futures of a local cluster."""

import time

import dask
from dask import array
from dask.distributed import Client, LocalCluster, as_completed
from tqdm.auto import tqdm
from tqdm.dask import TqdmCallback


def square(number):
    time.sleep(0.01)
    return number * number


if __name__ == "__main__":
    with TqdmCallback(desc="Array"), dask.config.set(scheduler="threads"):
        print(int(array.ones((1000, 1000), chunks=(100, 1000)).sum().compute()))
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        futures = client.map(square, range(60))
        ended = tqdm(as_completed(futures), total=len(futures), desc="Futures")
        print(sum(future.result() for future in ended))
