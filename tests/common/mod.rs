//! What several kinds of test share. Each binary includes all of it, and uses a part.
#![allow(dead_code)]

pub mod caches;
pub mod denoted;
pub mod folder;
pub mod irregular;
pub mod layout;
pub mod patches;
pub mod properties;
pub mod random;
pub mod rows;
pub mod scribble;
pub mod stress;
pub mod tmux;
