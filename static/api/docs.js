// Shows the OpenAPI document of this server. The key that is typed in stays in this page's memory.
const place = document.getElementById("docs");

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: false, // it would put a link into each button
  persistAuthorization: false,
  tryItOutEnabled: false,
  docExpansion: "none", // a list of subjects; with all open nobody finds anything
  defaultModelsExpandDepth: 0,
});
