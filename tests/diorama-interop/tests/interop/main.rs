//! vlive and the real vantage-diorama, side by side.

mod app;
mod belief;
mod changes;
mod looking;
mod names;
mod random;
mod rows;
