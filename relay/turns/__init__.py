"""How something shared is divided among those who want it. Pure but for ``threads``; knows no ECG, no person, no socket.

What waits for a worker: ``order.Turns``, in threads ``threads.FairThreads``. How much may be sent: ``credit.Credits``.
How many may be held: ``places.Places``.
"""
