//! A real browser, driven over WebDriver: Debian's chromium and chromium-driver. The protocol is
//! a dozen calls of JSON over HTTP, so it is spoken here and not through a client of sixty crates.

use fanfare::kit::scratch::Scratch;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// What an element's reference stands under. Source: W3C WebDriver, section 12.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What the browser is started with: nothing of it calls anybody.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
];

/// A browser with a folder of its own; it ends when this is dropped.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _folder: Scratch,
}

/// An element of the page.
pub struct Element<'b> {
    browser: &'b Browser,
    id: String,
}

/// Most times a driver is started that ends before it serves.
const DRIVER_TRIES: usize = 10;

/// Starts a driver and gives its port. It takes a free port of version 4 of IP and then wants the
/// same one of version 6: where somebody else has got that meanwhile, it ends.
fn start_driver() -> (Child, u16) {
    let mut all_it_said = Vec::new();
    for _ in 0..DRIVER_TRIES {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is not here: apt-get install chromium chromium-driver");
        let lines = BufReader::new(driver.stdout.take().unwrap()).split(b'\n');
        let mut lines = lines.map_while(Result::ok);
        let port = lines.find_map(|line| {
            let line = String::from_utf8_lossy(&line).into_owned();
            let port = line.split_once("successfully on port ");
            let port = port.and_then(|(_, port)| port.trim_end_matches('.').parse().ok());
            all_it_said.push(line);
            port
        });
        if let Some(port) = port {
            // What it says later is read, or it would wait for a reader.
            thread::spawn(move || lines.for_each(drop));
            return (driver, port);
        }
        let _ = driver.kill();
        let _ = driver.wait();
    }
    panic!("chromedriver ends before it names its port: {all_it_said:#?}");
}

impl Browser {
    /// Starts one that reads this language.
    pub fn start(lang: &str) -> Self {
        let folder = Scratch::new(None, "browser").unwrap();
        let (driver, port) = start_driver();
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", folder.path().display()));
        flags.push(format!("--lang={lang}"));
        flags.push(format!("--accept-lang={lang}"));
        let mut browser = Self { driver, port, session: String::new(), _folder: folder };
        let chrome = json!({ "args": flags, "prefs": { "intl.accept_languages": lang } });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": chrome,
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let made = browser.ask("POST", "/session", &wanted);
        made["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        browser
    }

    /// One call; what it gives, or what went wrong.
    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(|w| w.to_string())?;
        stream.set_read_timeout(Some(Duration::from_mins(2))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .map_err(|why| why.to_string())?;
        let mut answer = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while answer.read_line(&mut line).map_err(|why| why.to_string())? > 2 {
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| "no length")?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).map_err(|why| why.to_string())?;
        let body = String::from_utf8_lossy(&body);
        let mut value: Value =
            serde_json::from_str(&body).map_err(|why| format!("{why}: {body}"))?;
        match value["value"]["error"].as_str() {
            Some(error) => Err(format!("{path}: {error}: {}", value["value"]["message"])),
            None => Ok(value["value"].take()),
        }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, path, body).unwrap_or_else(|why| panic!("{why}"))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("/session/{}{path}", self.session), body)
    }

    /// A call of Chrome's own protocol.
    pub fn chrome(&self, command: &str, params: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    /// Opens an address and waits until it has loaded.
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// The address it is at.
    pub fn url(&self) -> String {
        let url = self.ask("GET", &format!("/session/{}/url", self.session), &json!({}));
        url.as_str().unwrap().to_owned()
    }

    /// Runs a script in the page; what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Runs a script that gives its result to its last argument.
    pub fn run_async(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// The first element a selector finds, within ten seconds.
    pub fn find(&self, css: &str) -> Element<'_> {
        let wanted = json!({ "using": "css selector", "value": css });
        let path = format!("/session/{}/element", self.session);
        for _ in 0..100 {
            if let Ok(found) = self.call("POST", &path, &wanted) {
                let id = found[ELEMENT].as_str().unwrap().to_owned();
                return Element { browser: self, id };
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("{css} is not at {}: {}", self.url(), self.text());
    }

    /// Waits until what a selector finds says this. A tap may return before the next page is there,
    /// and until then the selector finds what the page before had in the same place.
    pub fn shows(&self, css: &str, text: &str) {
        let (css, text) = (json!(css), json!(text));
        let script = format!("return document.querySelector({css})?.innerText.includes({text})");
        self.until(&format!("{css} says {text}"), &script);
    }

    /// What people read on the page.
    pub fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a script gives true. One that a change of pages ends is asked again.
    pub fn until(&self, what: &str, script: &str) {
        let path = format!("/session/{}/execute/sync", self.session);
        let wanted = json!({ "script": script, "args": [] });
        for _ in 0..600 {
            if self.call("POST", &path, &wanted) == Ok(json!(true)) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("never: {what}; at {}:\n{}", self.url(), self.text());
    }

    /// The page's scripts do not run from the next page on.
    pub fn without_scripts(&self) {
        self.chrome("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
    }

    /// Files that the page offers are kept in this folder.
    pub fn keeps_files_in(&self, folder: &Path) {
        let wanted = json!({ "behavior": "allow", "downloadPath": folder });
        self.chrome("Browser.setDownloadBehavior", &wanted);
    }

    /// A window of this size, light or dark.
    pub fn shape(&self, width: u32, height: u32, dark: bool) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.chrome("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.chrome("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// The whole page as PNG, at most so high.
    pub fn picture(&self, width: u32, height_max: u32) -> Vec<u8> {
        let height = self.run("return document.documentElement.scrollHeight").as_u64().unwrap();
        let height = height.min(u64::from(height_max));
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.chrome("Page.captureScreenshot", &wanted);
        let text = picture["data"].as_str().unwrap();
        base64_simd::STANDARD.decode_to_vec(text).unwrap()
    }

    /// What the browser complained of since it was asked last: refused scripts, missing files.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let all = log.as_array().cloned().unwrap_or_default();
        all.iter().map(|entry| entry["message"].to_string()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.call("DELETE", &format!("/session/{}", self.session), &json!({}));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Element<'_> {
    fn post(&self, act: &str, body: &Value) -> Value {
        self.browser.post(&format!("/element/{}/{act}", self.id), body)
    }

    /// Taps it.
    pub fn tap(&self) {
        self.post("click", &json!({}));
    }

    /// Types into it.
    pub fn types(&self, text: &str) {
        self.post("value", &json!({ "text": text }));
    }

    /// What it says.
    pub fn says(&self) -> String {
        let path = format!("/session/{}/element/{}/text", self.browser.session, self.id);
        self.browser.ask("GET", &path, &json!({})).as_str().unwrap().to_owned()
    }
}
