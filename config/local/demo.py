def stop(s): pass
def is_running(s): return False
