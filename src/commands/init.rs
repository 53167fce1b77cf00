//! `occtop init`: a commented configuration to start from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr};

use super::{Exit, Globals, UsageError};
use crate::config::{SAMPLE, default_path};

/// Arguments of `occtop init`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Print the configuration instead of writing it to a file
    #[arg(long)]
    pub print: bool,
}

/// Writes the starter configuration and says what to do with it.
///
/// # Errors
/// [`UsageError`] when there is a file already or no place for one; otherwise when the file or
/// the output cannot be written.
pub fn run(args: &Args, globals: &Globals, out: &mut dyn Write) -> Result<Exit> {
    if args.print {
        out.write_all(SAMPLE.as_bytes())
            .wrap_err("writing the configuration")?;
        return Ok(Exit::Ok);
    }
    let path = place(globals)?;
    write(&path)?;
    let shown = path.display();
    writeln!(out, "Wrote {shown}\nEdit it, then run: occtop check").wrap_err("writing")?;
    Ok(Exit::Ok)
}

fn place(globals: &Globals) -> Result<PathBuf, UsageError> {
    let named = globals.config.clone().or_else(default_path);
    named.ok_or_else(|| {
        UsageError("there is no home directory to write to: name a file with --config FILE".into())
    })
}

fn write(path: &Path) -> Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)
            .wrap_err_with(|| format!("creating the directory {}", directory.display()))?;
    }
    let mut options = OpenOptions::new();
    // Never an existing file, even one that appears at this very moment.
    options.write(true).create_new(true);
    // Secrets may end up in it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(path) {
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => {
            return Err(UsageError(format!(
                "{} exists and is not overwritten: move it away, name another file with \
                 --config FILE, or use --print",
                path.display()
            ))
            .into());
        }
        opened => opened.wrap_err_with(|| format!("creating {}", path.display()))?,
    };
    file.write_all(SAMPLE.as_bytes())
        .wrap_err_with(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn init(print: bool, path: &Path) -> (Result<Exit>, String) {
        let globals = Globals {
            config: Some(path.to_owned()),
            ..Globals::default()
        };
        let mut out = Vec::new();
        let exit = run(&Args { print }, &globals, &mut out);
        (exit, String::from_utf8(out).unwrap())
    }

    #[test]
    fn it_writes_a_private_file_and_the_directories_above() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/config.toml");
        let (exit, said) = init(false, &path);
        assert_eq!(exit.unwrap(), Exit::Ok);
        assert!(said.contains(path.to_str().unwrap()) && said.contains("occtop check"));
        assert_eq!(fs::read_to_string(&path).unwrap(), SAMPLE);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn it_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "mine").unwrap();
        let (exit, said) = init(false, &path);
        let error = exit.unwrap_err();
        assert!(error.downcast_ref::<UsageError>().is_some(), "{error}");
        assert_eq!(said, "");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn printing_touches_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let (exit, said) = init(true, &path);
        assert_eq!(exit.unwrap(), Exit::Ok);
        assert_eq!(said, SAMPLE);
        assert!(!path.exists());
    }
}
