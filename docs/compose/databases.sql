-- Run once by PostgreSQL's image, when its volume is empty.
CREATE DATABASE buildbot OWNER checkotron;
CREATE DATABASE results OWNER checkotron;
