// The sentence of the scene that is shown, over the page, with a way back to it. back: does that.
function sceneIn(parent, back) {
  const scene = parent.appendChild(document.createElement("p"));
  Object.assign(scene, { className: "scene", role: "status", hidden: true });
  scene.append(...["b", "span", "button"].map((tag) => document.createElement(tag)));
  scene.lastChild.textContent = phrase("back to the scene");
  scene.lastChild.onclick = (event) => {
    back();
    if (event.detail) scene.lastChild.blur();
  };
  return scene;
}

// data: number, of, sentence and whether it was left; none hides it.   beside: an element as wide as the page.
function showScene(scene, data, beside) {
  scene.hidden = !data;
  scene.classList.toggle("left", Boolean(data?.left));
  if (!data) return scene.removeAttribute("style");
  const { number, of, sentence, left } = data;
  scene.children[0].textContent = `${number} / ${of}${number === of ? phrase(" · the last") : ""}`;
  scene.children[1].textContent = sentence;
  scene.lastChild.hidden = !left;
  const page = beside.getBoundingClientRect(); // beside its sidebar, which would hide a part
  scene.style.setProperty("--middle", `${page.left + page.width / 2}px`);
  scene.style.setProperty("--room", `${page.width}px`);
}
