import { BlockList, isIP } from 'node:net';
import { SegcanaryError } from '../../errors.js';

/** An AE title and the addresses that it may come from. */
interface AllowedPeer {
  /** Null for any. */
  readonly aet: string | null;
  /** Null for any. */
  readonly hosts: BlockList | null;
}

/** AE titles: 1 to 16 characters, no backslash, no control (PS3.5, section 6.2). */
export const isAeTitle = (text: string): boolean => /^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(text) && text.trim() === text;

/** Who may send to the server: `AET@HOST`, where either may be `*`. */
export class AllowedPeers {
  readonly #peers: readonly AllowedPeer[];

  /**
   * @param texts `AET@HOST`, the host an address, a network as `10.1.0.0/16`, or `*`
   * @throws SegcanaryError `usage` for what is none
   */
  constructor(texts: readonly string[]) {
    this.#peers = texts.map(parsed);
  }

  /** Whether a title may come from an address. */
  allows(aet: string, address: string): boolean {
    return this.#peers.some((peer) => (peer.aet === null || peer.aet === aet) && isAmong(address, peer.hosts));
  }
}

function parsed(text: string): AllowedPeer {
  const at = text.lastIndexOf('@');
  const [aet, host] = [text.slice(0, at), text.slice(at + 1)];
  const wrong = (what: string) =>
    new SegcanaryError(
      'usage',
      `\`allow\` ${text}: ${what}; give AET@HOST, as CT1@192.0.2.7 or CT1@192.0.2.0/24, or * for any.`,
      {
        option: 'allow',
      },
    );
  if (at < 1) throw wrong('an AE title and a host belong together');
  if (aet !== '*' && !isAeTitle(aet)) throw wrong('an AE title has 1 to 16 printable characters and no backslash');
  return { aet: aet === '*' ? null : aet, hosts: host === '*' ? null : hostsOf(host, wrong) };
}

function hostsOf(text: string, wrong: (what: string) => SegcanaryError): BlockList {
  const [host, bits, ...more] = text.split('/');
  const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
  const hosts = new BlockList();
  for (const address of addresses) {
    const family = isIP(address);
    if (family === 0 || more.length > 0) throw wrong('the host is no address; names are not looked up');
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) hosts.addAddress(address, type);
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
      hosts.addSubnet(address, Number(bits), type);
    else throw wrong('the network has no such number of bits');
  }
  return hosts;
}

function isAmong(address: string, hosts: BlockList | null): boolean {
  if (hosts === null) return true;
  // A socket that takes both families gives IPv4 in the form of IPv6.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  const family = isIP(plain);
  return family !== 0 && hosts.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}
