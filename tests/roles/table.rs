//! Who may ask for what. One line a method and path, as `src/routes.rs` writes them.

/// The methods that are asked.
pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// For whom something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anybody,
    /// Guests, and everybody with an account.
    Entered,
    /// Everybody with an account.
    Account,
    /// The fan whose claim it is.
    Owner,
    /// That fan, cashiers and above.
    OwnerOrStaff,
    /// Cashiers and above.
    Cashier,
    /// Hosts and above.
    Host,
    /// The same as a page or a form: who is not signed in is sent to do so.
    HostPage,
    /// At a real festival nobody: what is answered instead.
    Nobody(u16),
}

impl Who {
    /// Whether it is there for this person.
    pub fn may(self, person: &str) -> bool {
        let staff = ["cashier", "host", "operator"].contains(&person);
        match self {
            Self::Anybody => true,
            Self::Entered => person != "stranger",
            Self::Account => !["stranger", "guest"].contains(&person),
            Self::Owner => person == "owner",
            Self::OwnerOrStaff => person == "owner" || staff,
            Self::Cashier => staff,
            Self::Host | Self::HostPage => ["host", "operator"].contains(&person),
            Self::Nobody(_) => false,
        }
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub who: Who,
    /// What is sent: a form, or JSON where the path is the API's.
    pub body: &'static str,
}

const fn row(method: &'static str, path: &'static str, who: Who, body: &'static str) -> Row {
    Row { method, path, who, body }
}

const fn get(path: &'static str, who: Who) -> Row {
    row("GET", path, who, "")
}

const fn post(path: &'static str, who: Who, body: &'static str) -> Row {
    row("POST", path, who, body)
}

const SIGN: &str = "name={new}&password=correct+horse+battery";
const PASSWORD: &str = "name=x&old=not+the+old+one&new=correct+horse+battery";
const WHY: &str = r#"{"why":"the table"}"#;
const FORM: &str = "why=the+table&line=box&units=1";
const APPLY: &str = "why=the+table&make=yes&file=%23";
const UNITS: &str = r#"{"why":"the table","item":"box","units":1}"#;
const BOX: &str = r#"{"item":"box"}"#;
const TURN: &str = r#"{"opens_at_ms":1795233600000,"hold_s":60}"#;

/// Everything there is.
pub const TABLE: [Row; 68] = {
    use Who::{Account, Anybody, Cashier, Entered, Host, HostPage, Nobody, Owner, OwnerOrStaff};
    [
        get("/", Anybody),
        get("/drops/{drop}", Anybody),
        get("/drops/{drop}/reminder.ics", Anybody),
        get("/board", Anybody),
        get("/check", Anybody),
        get("/assets/{file}", Anybody),
        post("/guest", Anybody, "back=/me"),
        get("/drops/{drop}/claims", Anybody),
        post("/drops/{drop}/claims", Anybody, "line=box&key={new}"),
        get("/me", Anybody),
        get("/claims/{claim}", Owner),
        get("/claims/{claim}/receipt", Owner),
        get("/claims/{claim}/settlement", Anybody),
        post("/claims/{claim}/settlement", Nobody(403), ""),
        get("/claims/{claim}/release", Anybody),
        post("/claims/{claim}/release", Owner, ""),
        get("/sign-in", Anybody),
        post("/sign-in", Anybody, SIGN),
        get("/sign-up", Anybody),
        post("/sign-up", Anybody, SIGN),
        get("/sign-out", Anybody),
        post("/sign-out", Account, ""),
        get("/me/sessions", Account),
        get("/me/sessions/{session}/ending", Anybody),
        post("/me/sessions/{session}/ending", Account, ""),
        get("/me/password", Account),
        post("/me/password", Account, PASSWORD),
        get("/host/{secret}", Anybody),
        post("/host/{secret}", Account, ""),
        get("/host", HostPage),
        get("/host/engine", HostPage),
        get("/host/apply", HostPage),
        post("/host/apply", HostPage, APPLY),
        get("/host/drops/{drop}", HostPage),
        get("/host/drops/{drop}/closing", HostPage),
        post("/host/drops/{drop}/closing", HostPage, FORM),
        get("/host/drops/{drop}/crowd", Anybody),
        post("/host/drops/{drop}/crowd", Nobody(404), ""),
        get("/host/drops/{drop}/claims", HostPage),
        get("/host/drops/{drop}/claims.csv", HostPage),
        get("/host/drops/{drop}/acts/{act}", Anybody),
        post("/host/drops/{drop}/acts/{act}", HostPage, FORM),
        get("/dev/pages", Nobody(404)),
        get("/dev/pages/{page}/{state}", Nobody(404)),
        get("/api/v1/now", Anybody),
        get("/api/v1/festival", Anybody),
        get("/api/v1/openapi.json", Anybody),
        get("/api/v1/drops/{drop}", Anybody),
        get("/api/v1/drops/{drop}/proof", Anybody),
        post("/api/v1/drops/{drop}/claims", Entered, BOX),
        get("/api/v1/live", Anybody),
        get("/api/v1/me/claims", Entered),
        post("/api/v1/me/session", Entered, ""),
        get("/api/v1/claims/{claim}", OwnerOrStaff),
        get("/api/v1/claims/{claim}/receipt", OwnerOrStaff),
        post("/api/v1/claims/{claim}/settlement", Cashier, ""),
        post("/api/v1/claims/{claim}/release", Owner, ""),
        post("/api/v1/claims/{claim}/return", Cashier, ""),
        post("/api/v1/drops/{drop}/pause", Host, WHY),
        post("/api/v1/drops/{drop}/resumption", Host, WHY),
        post("/api/v1/drops/{drop}/restock", Host, UNITS),
        post("/api/v1/drops/{drop}/withdrawal", Host, UNITS),
        post("/api/v1/drops/{drop}/closing", Host, WHY),
        post("/api/v1/rehearsal/drops/{drop}", Nobody(404), TURN),
        get("/healthz", Anybody),
        get("/readyz", Anybody),
        get("/proxyz", Anybody),
        get("/metrics", Anybody),
    ]
};
