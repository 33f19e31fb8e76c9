/** What a browser sees at `/`. */
export const HOME_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>RockchipLlama</title>
<h1>RockchipLlama</h1>
<p>The server is running. It answers the OpenAI and Anthropic APIs under <code>/v1</code> and the Ollama API under <code>/api</code>, whose clients look here for the words: Ollama is running.</p>
<ul>
<li><a href="/swagger">API description</a></li>
<li><a href="/v1/models">Models</a></li>
<li><a href="/health">Health</a></li>
</ul>
</html>
`;
