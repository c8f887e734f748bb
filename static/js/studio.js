// The researchers' pages: progress of work, uploads, simulated people, the preview's navigator.
// Everything here is a comfort: without this file each page still works, by reloading it.

const POLL_MS = 2000;

// ---- work on a worker: the bars move; when a job ends, the page is asked for again ----

const board = document.querySelector("[data-jobs]");

function showJob(job) {
  const box = board.querySelector(`[data-job="${CSS.escape(job.id)}"]`);
  if (!box) return;
  const part = (name) => box.querySelector(`[data-job-${name}]`);
  const bar = part("bar");
  bar.max = job.n_total || 1;
  bar.value = job.n_done;
  part("status").textContent = job.status;
  part("count").textContent = job.n_total ? `${job.n_done} of ${job.n_total}` : "";
  part("phase").textContent = job.phase;
  part("left").textContent = job.left;
  part("error").textContent = job.error;
  part("error").hidden = !job.error;
  part("broker").hidden = !job.is_broker_away;
  part("worker").hidden = !job.needs_worker;
  const hasEnded = ["done", "failed"].includes(job.status);
  if (hasEnded && !["done", "failed"].includes(box.dataset.status)) window.location.reload();
}

async function poll() {
  try {
    const response = await fetch(board.dataset.jobs, { headers: { Accept: "application/json" } });
    if (response.ok) for (const job of (await response.json()).jobs) showJob(job);
  } catch {
    // Offline for a moment: the next turn asks again.
  }
  setTimeout(poll, POLL_MS);
}

const isOpen = (box) => !["done", "failed"].includes(box.dataset.status);
if (board && [...board.querySelectorAll("[data-job]")].some(isOpen)) setTimeout(poll, POLL_MS);

// ---- an upload shows how far it is ----

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    const file = form.querySelector("input[type=file]");
    if (!file?.files.length) return;
    event.preventDefault();
    const bar = form.querySelector("[data-upload-bar]");
    const said = form.querySelector("[data-upload-said]");
    const request = new XMLHttpRequest();
    request.open("POST", form.action || window.location.href);
    request.upload.addEventListener("progress", (moved) => {
      bar.hidden = false;
      bar.value = (100 * moved.loaded) / moved.total;
      const percent = Math.floor((100 * moved.loaded) / moved.total);
      said.textContent = percent < 100 ? `${percent} % sent` : "Sent. The archive is looked through ...";
    });
    request.addEventListener("load", () => {
      if (request.responseURL && request.responseURL !== window.location.href) {
        window.location.assign(request.responseURL);
        return;
      }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const answer = page.querySelector("form[data-upload]");
      for (const old of form.querySelectorAll(".field__error")) old.remove();
      for (const error of answer?.querySelectorAll(".field__error") ?? []) {
        const name = error.closest(".field").querySelector("[name]")?.name;
        form.querySelector(`[name="${CSS.escape(name)}"]`)?.closest(".field").append(error);
      }
      bar.hidden = true;
      said.textContent = answer ? "Not taken: see above." : `The server answered ${request.status}.`;
    });
    request.addEventListener("error", () => {
      said.textContent = "The connection broke. Nothing was stored; send it again.";
    });
    request.send(new FormData(form));
  });
}

// ---- simulated people play turn by turn until all have ----

for (const form of document.querySelectorAll("form[data-simulate]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const bar = form.querySelector("[data-simulate-bar]");
    const said = form.querySelector("[data-simulate-said]");
    const button = form.querySelector("button");
    const wanted = Number(form.elements.namedItem("n").value);
    let done = 0;
    button.disabled = true;
    bar.hidden = false;
    bar.max = wanted;
    while (done < wanted) {
      said.textContent = `${done} of ${wanted} have played`;
      bar.value = done;
      const body = new URLSearchParams(new FormData(form));
      body.set("n", String(wanted - done));
      const response = await fetch(form.action, {
        method: "POST", body, headers: { Accept: "application/json" },
      });
      const answer = await response.json().catch(() => ({ n: 0, error: `The server answered ${response.status}.` }));
      if (answer.error || !answer.n) {
        said.textContent = answer.error || "Nobody could play.";
        button.disabled = false;
        return;
      }
      done += answer.n;
    }
    window.location.reload();
  });
}

// ---- the preview follows its navigator ----

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
  // After the back button the browser restores what was chosen last, not what the page shows.
  window.addEventListener("pageshow", () => form.reset());
}
