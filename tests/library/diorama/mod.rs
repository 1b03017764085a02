mod backups;
mod many_rows;
mod names;
mod samples;
