//! The contract of the command line, as somebody sees it who runs the program: its two outputs and
//! its exit status together, and what it leaves on the disk.

mod ages;
mod apply;
mod bars;
#[cfg(target_os = "linux")]
mod both_layouts;
mod browse;
mod change;
mod check;
mod completions;
mod diff;
mod diorama;
mod diorama_changes;
mod diorama_edges;
mod diorama_edit;
mod diorama_formats;
mod diorama_harm;
mod diorama_looking;
mod diorama_selection;
mod diorama_words;
mod dump;
mod dump_formats;
mod dump_output;
mod edit;
mod errors;
mod exact_keys;
mod filter;
mod find;
mod find_formats;
mod formats;
#[cfg(target_os = "linux")]
mod full_disk;
mod generated;
mod global;
mod in_use;
#[cfg(unix)]
mod interrupted;
mod invalidate;
mod load;
mod load_refused;
mod ls;
mod put;
mod readme;
mod recording;
mod refused;
mod salvage;
mod selection;
mod show;
mod space;
mod support;
mod terminal;
mod touch;
mod unchanged;
#[cfg(unix)]
mod unusual_paths;
mod values;
mod watch;

#[path = "../common/mod.rs"]
mod common;
