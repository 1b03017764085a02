mod names;
mod samples;
