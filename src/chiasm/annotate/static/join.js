// The page of who has no invitation, or opens one.
import { $, join } from "/static/common.js";

join().then((said) => {
  if (said) $("state").textContent = said;
});
