-- Catching up is a periodic task: the slots of `schedule_runs` say who does it.
DROP TABLE search_catch_ups;
