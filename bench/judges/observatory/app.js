// An Express app as one finds it: nothing in it is hardened. Prints its port.
import { fileURLToPath } from "node:url";
import express from "express";
import session from "express-session";

const page = (title) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<link rel="stylesheet" href="/style.css">
<script src="/script.js" defer></script>
</head>
<body><h1>${title}</h1></body>
</html>
`;

const app = express();
app.use(express.static(fileURLToPath(new URL("public", import.meta.url))));
app.get("/", (request, response) => response.send(page("Home")));
app.use(session({ secret: "a secret for the bench alone", resave: false, saveUninitialized: true }));
app.get("/cookie", (request, response) => response.send(page("A session")));

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
