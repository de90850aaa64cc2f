<?php
/**
 * Socket tokens, read by other code than that which makes them.
 */

namespace Chatpulse\Tests;

require_once __DIR__ . '/ChatTestCase.php';

final class SocketTokenTest extends ChatTestCase {

	public function test_a_token_names_its_user_and_is_signed(): void {
		$user = $this->make_user();
		wp_update_user( array( 'ID' => $user, 'display_name' => 'Ålice "A" <b>' ) );

		list( $status, $answer ) = $this->call( 'POST', '/socket-token', null, $this->sign_in( $user ) );

		$this->assertSame( 200, $status );
		$python = <<<'PY'
			import sys, json, hmac, hashlib, base64
			token, secret = sys.stdin.read().split('\n')[:2]
			head, claims, signature = token.split('.')
			part = lambda text: base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
			good = hmac.compare_digest(part(signature), hmac.new(secret.encode(), (head + '.' + claims).encode(), hashlib.sha256).digest())
			print(json.dumps({'good': good, 'head': json.loads(part(head)), 'claims': json.loads(part(claims))}))
			PY;
		$process = proc_open( array( 'python3', '-c', $python ), array( array( 'pipe', 'r' ), array( 'pipe', 'w' ) ), $pipes );
		fwrite( $pipes[0], $answer['token'] . "\n" . get_option( 'chatpulse_token_secret' ) . "\n" );
		fclose( $pipes[0] );
		$read = json_decode( (string) stream_get_contents( $pipes[1] ), true );
		proc_close( $process );

		$this->assertTrue( $read['good'] );
		$this->assertSame( array( 'alg' => 'HS256', 'typ' => 'JWT' ), $read['head'] );
		$this->assertSame( array( 'sub', 'iat', 'exp', 'name', 'sid' ), array_keys( $read['claims'] ) );
		$this->assertSame( (string) $user, $read['claims']['sub'] );
		$this->assertSame( get_userdata( $user )->display_name, $read['claims']['name'] );
		$this->assertSame( $answer['expires_at'], $read['claims']['exp'] );
		$this->assertSame( 300, $read['claims']['exp'] - $read['claims']['iat'] );
		$this->assertLessThan( 120, abs( time() - $read['claims']['iat'] ) );
		$sessions = get_user_meta( $user, 'session_tokens', true );
		$this->assertSame( substr( array_key_first( $sessions ), 0, 16 ), $read['claims']['sid'] );
	}

	public function test_a_site_without_a_secret_issues_none(): void {
		$secret = get_option( 'chatpulse_token_secret' );
		update_option( 'chatpulse_token_secret', '' );
		try {
			list( $status, $answer ) = $this->call( 'POST', '/socket-token', null, $this->sign_in( $this->make_user() ) );
		} finally {
			update_option( 'chatpulse_token_secret', $secret );
		}
		$this->assertSame( array( 503, 'token_secret_missing' ), array( $status, $answer['code'] ) );
	}
}
