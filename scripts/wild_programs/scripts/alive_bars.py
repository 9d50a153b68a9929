"""alive-progress: a known and an unknown total, text above the bar, and a manual one."""

import time

from alive_progress import alive_bar, alive_it

if __name__ == "__main__":
    with alive_bar(50, title="Rows") as bar:
        for number in range(50):
            if number == 20:
                print("row twenty")
            bar()
            time.sleep(0.002)
    with alive_bar(title="Unknown") as bar:
        for _ in range(30):
            bar()
    with alive_bar(manual=True, title="Manual") as bar:
        for number in range(10):
            bar((number + 1) / 10)
    print(sum(alive_it(range(40), title="Items")))
