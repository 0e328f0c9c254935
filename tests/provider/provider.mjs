// A certified OpenID provider (npm oidc-provider) on loopback, for the browser tests and `make demo-sso`.
// Usage: node provider.mjs CONFIG.json, with {host, port, organisation, key, clients: [...], accounts: [...]}.
// `key` names the signing key: another name is another key. One page asks which account signs in, without a password.
// Accounts are read anew at each sign-in, so that somebody can get another name while the provider runs. Every request is
// a line on the standard output: method, path and the program that asked.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const file = process.argv[2];
const config = JSON.parse(readFileSync(file, 'utf8'));
const issuer = `http://${config.host}:${config.port}`;

// Kept beside the configuration, so that a provider that is started again signs with the same key.
function signingKey(name) {
  const kept = `${file}.${name}.jwk`;
  if (!existsSync(kept)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
    writeFileSync(kept, JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: name, use: 'sig', alg: 'RS256' }), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(kept, 'utf8'));
}

const accounts = () => JSON.parse(readFileSync(file, 'utf8')).accounts;
const accountOf = (id) => accounts().find((account) => account.sub === id);
const text = (value) => String(value ?? '').replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="nl"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(title)}</title><style>body{font:1.1rem system-ui;margin:3rem auto;max-width:30rem;padding:0 1rem}button{font:inherit;padding:.6rem 1rem;margin:.3rem 0;display:block;width:100%;text-align:left}</style>
<main><h1>${text(title)}</h1>${body}</main></html>`;

const provider = new Provider(issuer, {
  clients: config.clients,
  jwks: { keys: [signingKey(config.key ?? 'first')] },
  cookies: { keys: ['only for tests and demonstrations on loopback'] },
  claims: {
    openid: ['sub', 'acr', 'amr', 'auth_time', 'groups', 'acrs'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'preferred_username'],
  },
  conformIdTokenClaims: false, // address and name in the ID token itself, as Entra does
  acrValues: ['one-step', 'two-steps'],
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = page(`Uitloggen bij ${config.organisation}`, `${form}<button form="op.logoutForm" name="logout" value="yes">Ja, log uit</button><button form="op.logoutForm">Nee, blijf ingelogd</button>`);
      },
      postLogoutSuccessSource: (ctx) => {
        ctx.body = page(`Uitgelogd bij ${config.organisation}`, '');
      },
    },
  },
  renderError: (ctx, answer) => {
    ctx.type = 'html';
    ctx.body = page('Begin opnieuw', `<p>${text(answer.error)}: ${text(answer.error_description)}</p>`);
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: { Session: 3600, Interaction: 600, Grant: 600, IdToken: 300, AccessToken: 300 },
  // Without the guard against addresses of the own machine, because that is where the portal runs.
  fetch: (url, { dispatcher: _guard, ...options }) => fetch(url, options),
  // Everything that a client may ask is granted: consent is not what is tried here.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
  async findAccount(ctx, sub) {
    const account = accountOf(sub);
    if (!account) return undefined;
    const { amr, acr, ...claims } = account;
    return { accountId: sub, claims: async () => claims };
  },
});

provider.on('backchannel.error', (ctx, mistake) => console.log(`sign-out was not passed on: ${mistake.message} ${mistake.cause ?? ''} ${mistake.cause?.cause ?? ''}`));
provider.on('server_error', (ctx, mistake) => console.log(`mistake: ${mistake.stack}`));

async function chooseAccount(req, res) {
  const { uid, params } = await provider.interactionDetails(req, res);
  const buttons = accounts().map((account) => `<button name="account" value="${text(account.sub)}">${text(account.name)}<br><small>${text(account.email)}</small></button>`);
  res.setHeader('content-type', 'text/html; charset=utf-8');
  res.end(page(config.organisation, `<p>Wie ben je? ${params.login_hint ? `Gevraagd: ${text(params.login_hint)}` : ''}</p><form method="post" action="/interaction/${text(uid)}">${buttons.join('')}<button name="account" value="">Annuleren</button></form>`));
}

async function finish(req, res) {
  let body = '';
  for await (const part of req) body += part;
  const account = accountOf(new URLSearchParams(body).get('account'));
  const result = account
    ? { login: { accountId: account.sub, acr: account.acr, amr: account.amr, ts: Math.floor(Date.now() / 1000) - (account.signed_in_seconds_ago ?? 0) } }
    : { error: 'access_denied', error_description: 'De gebruiker heeft geannuleerd.' };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

const callback = provider.callback();
createServer(async (req, res) => {
  console.log(`${req.method} ${req.url.split('?')[0]} ${req.headers['user-agent'] ?? '-'}`);
  try {
    if (!req.url.startsWith('/interaction/')) callback(req, res);
    else if (req.method === 'POST') await finish(req, res);
    else await chooseAccount(req, res);
  } catch (mistake) {
    res.statusCode = 400;
    res.end(page('Begin opnieuw', `<p>${text(mistake.message)}</p>`));
  }
}).listen(config.port, config.host, () => console.log(`${config.organisation} is at ${issuer}`));
