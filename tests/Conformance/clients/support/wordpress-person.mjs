// A user of a WordPress site with a browser's login.
import { httpRequest, requestJson } from './http-request.mjs';
import { restCall, signIn } from './wordpress-site.mjs';

export class Person {
  #settings;
  #headers;

  /** Signs in by the site's form. */
  static async signIn(site, login) {
    const headers = await signIn(site.settings, login);
    const { json } = await requestJson(`${site.settings.WP_BASE_URL}/wp/v2/users/me`, { headers });
    return new Person(site.settings, headers, json);
  }

  constructor(settings, headers, { id, name }) {
    this.#settings = settings;
    this.#headers = headers;
    this.id = id;
    this.name = name;
  }

  /** A REST call that the browser makes. */
  call(method, route, body) {
    return restCall(this.#settings, method, route, this.#headers, body);
  }

  /** How a socket.io-client of this browser connects, in the server's AUTH_MODE. */
  async connectOptions(authMode) {
    const { cookie, 'x-wp-nonce': nonce } = this.#headers;
    if (authMode === 'wordpress') return { auth: { nonce }, extraHeaders: { cookie } };
    return { auth: { token: (await this.call('POST', '/socket-token')).token } };
  }

  /** Signs out as the link in the admin bar does. */
  async signOut() {
    const { cookie } = this.#headers;
    const profile = await httpRequest(`${this.#settings.SITE_URL}/wp-admin/profile.php`, { headers: { cookie } });
    const link = profile.text.match(/wp-login\.php\?action=logout[^"']*/)?.[0].replaceAll('&#038;', '&').replaceAll('&amp;', '&');
    if (!link) throw new Error(`there is no link to sign out on the profile page (${profile.status})`);
    await httpRequest(`${this.#settings.SITE_URL}/${link}`, { headers: { cookie } });
  }
}
