//! The contract of the command line, as somebody sees it who runs the program: its two outputs and
//! its exit status together, and what it leaves on the disk.

mod ages;
mod check;
mod completions;
mod diff;
mod dump;
mod errors;
mod global;
mod in_use;
mod invalidate;
mod ls;
mod put;
mod refused;
mod salvage;
mod show;
mod support;
mod terminal;
mod touch;
mod values;
