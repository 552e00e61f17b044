//! A node in this process, and the door through which it is asked over a socket.

use fanfare::app::App;
use fanfare::drops::node::Node;
use fanfare::drops::plan;
use fanfare::festivals::Festival;
use fanfare::kit::clock::Clock;
use fanfare::kit::data::DataFolder;
use fanfare::kit::serve;
use fanfare::routes::Front;
use fanfare_lane::LaneConfig;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::watch;

/// Serves a festival from a folder; a demo's times count from the folder's making.
///
/// # Errors
/// If the folder cannot be served.
pub fn try_start(data: &Path, festival: &Festival, clock: Clock) -> Result<Arc<Node>, String> {
    let folder = DataFolder::serve(data, festival.id().as_str(), false);
    on(folder.map_err(|why| why.to_string())?, festival, clock)
}

/// Serves a festival from a folder that is open already.
///
/// # Errors
/// If a lane does not open.
pub fn on(folder: DataFolder, festival: &Festival, clock: Clock) -> Result<Arc<Node>, String> {
    let specs = plan::specs(festival, &folder, clock.now_ms())?;
    Node::start(folder, Arc::new(clock), LaneConfig::default(), specs)
}

/// The same where nothing may go wrong.
pub fn start(data: &Path, festival: &Festival, clock: Clock) -> Arc<Node> {
    try_start(data, festival, clock).unwrap_or_else(|why| panic!("{why}"))
}

/// Listens for an app on a free port of this machine.
pub struct Door {
    pub address: SocketAddr,
    stopper: watch::Sender<bool>,
    fronts: Vec<JoinHandle<()>>,
}

impl Door {
    /// With so many threads.
    pub fn open(app: &Arc<App>, threads: usize) -> Self {
        let listeners = serve::listen(SocketAddr::from(([127, 0, 0, 1], 0)), threads).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let (stopper, stop) = watch::channel(false);
        let served = app.clone();
        let fronts = serve::start(listeners, move || Front::new(served.clone()), &stop).unwrap();
        Self { address, stopper, fronts }
    }

    /// Lets those inside finish and closes.
    pub fn close(&mut self) {
        let _ = self.stopper.send(true);
        self.fronts.drain(..).for_each(|front| front.join().unwrap());
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.stopper.send(true);
    }
}
