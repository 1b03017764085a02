//! The command line of vlive: parse, run, and map the result to an exit status.

mod cli;
mod output;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::silence_redb_panics();
    cli::survive_file_size_limit();
    cli::before_signals_end_it(|| {
        output::progress::clear();
        vlive::system::temporary::remove_all();
    });
    let cli = cli::parse();
    let mut output = output::Output::new(cli.global.color, cli.global.quiet);
    let result = cli::run(&cli, &mut output).and_then(|status| {
        output.flush()?;
        Ok(status)
    });
    match result {
        Ok(status) => ExitCode::from(status as u8),
        Err(error) => cli::report(&error, &output),
    }
}
