//! Where fixtures come from, as they are named on the command line.

use crate::output::Output;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use vlive::Source;

/// The sources of a fixture: paths, and `-` for standard input, which is also what there is without any.
pub fn sources<'s>(paths: &[PathBuf], output: &Output) -> Vec<Source<'s>> {
    if paths.is_empty() {
        return vec![standard_input(output)];
    }
    paths.iter().map(|path| source(path, output)).collect()
}

/// A path, or `-` for standard input.
pub fn source<'s>(path: &Path, output: &Output) -> Source<'s> {
    if path == Path::new("-") { standard_input(output) } else { Source::Path(path.to_owned()) }
}

fn standard_input<'s>(output: &Output) -> Source<'s> {
    if io::stdin().is_terminal() {
        output.summary("reading JSON from standard input; end it with Ctrl-D");
    }
    Source::Json { name: "standard input".to_owned(), input: Box::new(io::stdin().lock()) }
}

/// Names the files of folders that were passed by.
pub fn tell_ignored(fixture: &vlive::Fixture, output: &Output) {
    for path in fixture.ignored() {
        output.warning(&format!("`{}` is no entry: its name ends neither in .json nor in .cbor", path.display()));
    }
}
