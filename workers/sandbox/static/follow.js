// Shows what happens on a pull request as it happens: asks for the page's version and loads the page again when it is another.
// What somebody is writing is never lost: then a link appears in its place.
const body = document.body;
let version = body.dataset.version;

function isWriting() {
  return [...document.querySelectorAll("textarea, input:not([type=hidden]):not([type=radio])")].some(
    (field) => field.value !== field.defaultValue,
  );
}

async function look() {
  try {
    const answer = await fetch(body.dataset.follow, { cache: "no-store" });
    const now = answer.ok ? await answer.text() : version;
    if (now !== version) {
      version = now;
      if (isWriting()) {
        document.getElementById("news").hidden = false;
      } else {
        location.reload();
      }
    }
  } catch {
    // The sandbox has ended, or begins anew: it is asked again.
  }
  setTimeout(look, 1500);
}

setTimeout(look, 1500);
