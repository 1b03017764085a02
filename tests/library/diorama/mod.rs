mod backups;
mod names;
mod samples;
