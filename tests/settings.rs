//! Settings: the file of defaults is what the program declares, and each source wins over the one
//! before it.

use fanfare::cli::settings;
use fanfare::kit::scratch::Scratch;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// What a command that fails says, started in this folder without the surrounding settings.
fn said(folder: &Path, variables: &[(&str, &str)], line: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"FANFARE_") {
            command.env_remove(name);
        }
    }
    let output = command.current_dir(folder).envs(variables.to_vec()).args(line).output().unwrap();
    assert!(!output.status.success(), "{line:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_file_of_defaults_is_what_the_program_declares() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fanfare.default.toml");
    let made = settings::reference();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "made anew by: UPDATE=1 cargo test --test settings");
    assert!(made.lines().all(|line| line.chars().count() <= 100), "{made}");
    for key in ["data", "database", "journal", "listen", "tls-cert", "tls-key", "trusted-proxy"] {
        assert!(made.lines().any(|line| line.trim_start_matches("# ").starts_with(key)), "{key}");
    }
    // It is a file of settings itself, and changes nothing.
    let scratch = Scratch::new(None, "settings").unwrap();
    let file = path.to_str().unwrap();
    let session = ["session", "--fan", "1"];
    let with = said(scratch.path(), &[], &[&session[..], &["--config", file]].concat());
    assert_eq!(with, said(scratch.path(), &[], &session));
    assert!(with.contains("fanfare-data"), "{with}");
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let scratch = Scratch::new(None, "settings").unwrap();
    std::fs::write(scratch.path().join("a.toml"), "data = \"./of-file\"\n").unwrap();
    let session = ["session", "--fan", "1"];
    let file: &[_] = &["--config", "a.toml"];
    let (variable, flag) = (("FANFARE_DATA", "./of-env"), ["--data", "./of-flag"]);
    let config = ("FANFARE_CONFIG", "a.toml");
    let line = |before: &[&'static str], after: &[&'static str]| [before, &session, after].concat();
    for (variables, line, wins) in [
        (&[][..], line(&[], &[]), "./fanfare-data"),
        (&[], line(&[], file), "./of-file"),
        (&[], line(file, &[]), "./of-file"),
        (&[config], line(&[], &[]), "./of-file"),
        (&[variable], line(&[], &[]), "./of-env"),
        (&[variable], line(&[], file), "./of-env"),
        (&[variable, config], line(&[], &flag), "./of-flag"),
        (&[], line(file, &flag), "./of-flag"),
    ] {
        let said = said(scratch.path(), variables, &line);
        assert!(said.contains(wins), "{variables:?} {line:?}: {said}");
    }
}

#[test]
fn a_setting_reaches_every_command_that_has_it_and_no_other() {
    let scratch = Scratch::new(None, "settings").unwrap();
    let write = |text: &str| std::fs::write(scratch.path().join("a.toml"), text).unwrap();
    let with = |line: &[&str]| said(scratch.path(), &[("FANFARE_CONFIG", "a.toml")], line);
    write("data = \"./of-file\"\n");
    assert!(with(&["verify"]).contains("./of-file"));
    // The folder a rehearsal keeps is its own business.
    let against = ["rehearse", "a.toml", "--against", "http://127.0.0.1:1"];
    assert!(with(&against).contains("--data <DIR>"));
    write("journal = [\"postgres://a,b/c\", \"postgres://a,b/c\"]\n");
    for line in [&["serve"][..], &["verify"], &[]] {
        assert!(with(line).contains("--journal names a,b/c twice"), "{line:?}");
    }
    write("tls-cert = \"gone.pem\"\ntls-key = \"gone.key\"\ntrusted-proxy = [\"10.0.0.0/8\"]\n");
    assert!(with(&[]).contains("gone.pem, named by --tls-cert"));
    write("log = \"fanfare=shout\"\n");
    assert!(with(&[]).contains("--log fanfare=shout"));
}

#[test]
fn the_files_for_operators_are_taken() {
    let scratch = Scratch::new(None, "settings").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operate");
    // A database that nobody is at: by a name of this machine, so that nothing else answers.
    let url = "postgres://fanfare:secret@localhost:1/fanfare?sslmode=verify-full";
    let filled = [
        ("/var/lib/fanfare", "./none"),
        ("/etc/fanfare", "."),
        ("@ADDRESS@:8080", "127.0.0.1:0"),
        ("@ADDRESS@:7400", "127.0.0.1:0"),
        ("@PROXY@", "127.0.0.1"),
        ("@TABLES@", url),
        ("@JOURNAL@", url),
    ];
    for name in ["settings.toml", "node.toml"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let text = filled.iter().fold(text, |text, (place, with)| text.replace(place, with));
        std::fs::write(scratch.path().join(name), text).unwrap();
        // Whatever it has is a setting; the folder it names is missing here.
        let said = said(scratch.path(), &[], &["session", "--fan", "1", "--config", name]);
        assert!(said.contains("./none"), "{name}: {said}");
    }
    // What makes a process one of several is taken up to the database, where nobody is.
    let example =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/festivals/reference/example.toml");
    let serve = ["serve", example.to_str().unwrap(), "--config", "node.toml"];
    assert!(said(scratch.path(), &[], &serve).contains("secret, named by --key"));
    let secret = scratch.path().join("secret");
    std::fs::write(&secret, "5e".repeat(32)).unwrap();
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let said = said(scratch.path(), &[], &serve);
    assert!(said.contains("localhost:1") && said.contains("refused"), "{said}");
}

#[test]
fn every_fault_of_the_file_is_told_with_its_line() {
    let scratch = Scratch::new(None, "settings").unwrap();
    let faults = |text: &str| {
        std::fs::write(scratch.path().join("a.toml"), text).unwrap();
        said(scratch.path(), &[], &["serve", "--config", "a.toml"])
    };
    let all = faults(
        "lissten = \"127.0.0.1:1\"\nlisten = 8080\n\ndata = [\"a\"]\njournal = \"a\"\n\
         trusted-proxy = [\"10.0.0.0/8\", \"10.0.0.1/8\"]\ntls-key = \"\"\n[tls]\ncert = \"a\"\n",
    );
    for told in [
        "\na.toml:1: `lissten` is no setting; write one of data, database, journal, listen,",
        "\na.toml:2: `listen` has another form; write it as `listen = \"ADDR\"`",
        "\na.toml:4: `data` has another form; write it as `data = \"DIR\"`",
        "\na.toml:5: `journal` has another form; write it as `journal = [\"URL\"]`",
        "\na.toml:6: `10.0.0.1/8`: the address has bits beyond the first 8",
        "\na.toml:7: ``: it is empty; write it as `tls-key = \"FILE\"`",
        "\na.toml:8: `tls` is no setting",
    ] {
        assert!(all.contains(told), "{told}\n{all}");
    }
    assert!(faults("listen = \"here\"\n").contains("a.toml:1: `here`: invalid socket address"));
    assert!(faults("data = \"a\"\nlisten = 127.0.0.1\n").contains("a.toml:2: this is not TOML"));
    assert!(faults("data = \"a\"\ndata = \"b\"\n").contains("a.toml:2: "));
    let gone = said(scratch.path(), &[], &["serve", "--config", "gone.toml"]);
    assert!(gone.contains("gone.toml: No such file"), "{gone}");
    // What is wrong with the line itself is said first.
    let flag = said(scratch.path(), &[], &["serve", "--config", "gone.toml", "--lissten", "a"]);
    assert!(flag.contains("unexpected argument '--lissten'"), "{flag}");
}
