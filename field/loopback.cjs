// Preloaded into servers that would listen on every interface: they listen on loopback.
"use strict";
const { Server } = require("node:net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (...given) {
  const first = given[0];
  if (first !== null && typeof first === "object" && "port" in first) given[0] = { ...first, host: "127.0.0.1" };
  else if (typeof first === "number" || /^\d+$/.test(String(first))) {
    if (typeof given[1] === "string") given[1] = "127.0.0.1";
    else given.splice(1, 0, "127.0.0.1");
  }
  return listen.apply(this, given);
};
