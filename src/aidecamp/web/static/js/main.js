// The behaviours of every page, each in its own file; pages work without any of them.
import "./theme.js";
import "./notices.js";
import "./toggles.js";
import "./forms.js";
import "./unsent.js";
import "./copy.js";
