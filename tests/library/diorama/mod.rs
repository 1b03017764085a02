mod backups;
mod looking;
mod many_rows;
mod names;
mod samples;
