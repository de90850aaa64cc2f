<?php
/**
 * What people write, and what some of them try with it.
 */

namespace Chatpulse\Tests;

require_once __DIR__ . '/ChatTestCase.php';

final class ContentTest extends ChatTestCase {

	public static function contents(): array {
		return array(
			'a comparison'   => array( '1 < 2 & 3 > 2', '1 &lt; 2 &amp; 3 &gt; 2' ),
			'a script'       => array( '<script>alert(1)</script>text', 'alert(1)text' ),
			'a handler'      => array( '<a href="https://example.org" onclick="x()">a</a>', '<a href="https://example.org">a</a>' ),
			'a javascript address' => array( '<a href="javascript:alert(1)">a</a>', '<a href="alert(1)">a</a>' ),
			'an image'       => array( '<img src=x onerror=alert(1)>', '<img src="x">' ),
			'an open tag'    => array( '<iframe src="//example.org"', '&lt;iframe src=&quot;//example.org&quot;' ),
			'white space'    => array( "  a \n b  ", "a \n b" ),
			'bytes'          => array( "a\\b \\' \"c\" \0 end", "a\\b \\' \"c\"  end" ),
			'SQL'            => array( "'; DROP TABLE wp_users; -- %s %d %1\$s {abc}", "'; DROP TABLE wp_users; -- %s %d %1\$s {abc}" ),
			'all languages'  => array( 'Grüße 😀👨‍👩‍👧 日本語 ‮rtl', 'Grüße 😀👨‍👩‍👧 日本語 ‮rtl' ),
			'zero'           => array( '0', '0' ),
		);
	}

	/**
	 * @dataProvider contents
	 */
	public function test_content_is_stored_as_in_a_post( string $given, string $stored ): void {
		$user   = $this->make_user();
		$thread = $this->make_thread( array( $user ) );

		$message = $this->send( $user, $thread, $given, array( 'client_id' => $given ) );

		$this->assertSame( array( $stored, $given ), array( $message['content'], $message['client_id'] ) );
		$this->assertSame( $message, $this->call( 'GET', "/threads/$thread/messages", null, $this->key( $user ) )[1]['messages'][0] );
		$this->assertSame( $stored, $this->call( 'PATCH', "/messages/{$message['id']}", array( 'content' => $given ), $this->key( $user ) )[1]['message']['content'] );
	}

	public function test_content_has_10000_characters_at_most(): void {
		$user   = $this->make_user();
		$thread = $this->make_thread( array( $user ) );
		$most   = str_repeat( '😀', 10000 );

		$this->assertSame( $most, $this->send( $user, $thread, $most )['content'] );
		$this->assertSame( 50000, strlen( $this->send( $user, $thread, str_repeat( '&', 10000 ) )['content'] ) );
		list( $status, $answer ) = $this->call( 'POST', "/threads/$thread", array( 'content' => $most . 'x' ), $this->key( $user ) );
		$this->assertSame( array( 400, array( 'content' ) ), array( $status, array_keys( $answer['data']['params'] ) ) );
		$this->assertSame( 400, $this->call( 'POST', "/threads/$thread", array( 'content' => 'x', 'client_id' => str_repeat( 'ä', 256 ) ), $this->key( $user ) )[0] );
		$this->assertSame( str_repeat( 'ä', 255 ), $this->send( $user, $thread, 'x', array( 'client_id' => str_repeat( 'ä', 255 ) ) )['client_id'] );
	}

	public function test_text_that_is_no_utf8_is_refused(): void {
		$user   = $this->make_user();
		$thread = $this->make_thread( array( $user ) );

		$answer = wp_remote_post( rest_url( "chatpulse-chat/v1/threads/$thread" ), array( 'timeout' => 60, 'headers' => $this->key( $user ), 'body' => 'content=a%ff' ) );

		$this->assertSame( 400, wp_remote_retrieve_response_code( $answer ) );
	}

	public function test_an_emoji_is_what_people_see_as_one(): void {
		$user    = $this->make_user();
		$thread  = $this->make_thread( array( $user ) );
		$message = $this->send( $user, $thread )['id'];
		$emoji   = array( '👍', '👍🏽', '❤️', '👨‍👩‍👧', '🇩🇪', '1️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🏃🏽‍♀️', '✅', '©️' );

		foreach ( $emoji as $one ) {
			list( $status, $answer ) = $this->call( 'POST', "/messages/$message/reactions", array( 'emoji' => $one ), $this->key( $user ) );
			$this->assertSame( 200, $status, $one );
		}
		$this->assertSame( $emoji, array_column( $answer['message']['reactions'], 'emoji' ) );
	}

	public function test_system_messages_are_for_moderators(): void {
		$editor = $this->make_user( 'editor' );
		$thread = $this->make_thread( array( $editor ) );

		$this->assertSame( 'system', $this->send( $editor, $thread, 'Welcome', array( 'content_type' => 'system' ) )['content_type'] );
	}

	public function test_titles_and_names_are_plain_text(): void {
		$user  = $this->make_user();
		$title = $this->call( 'POST', '/threads', array( 'type' => 'group', 'participants' => array(), 'title' => "<img src=x onerror=alert(1)>a' OR 1=1 -- \\" ), $this->key( $user ) )[1]['thread']['title'];

		$this->assertSame( "a' OR 1=1 -- \\", $title );
	}

	public static function attacks(): array {
		$sql = "1' OR '1'='1";
		return array(
			array( 'GET', '/threads?search=' . rawurlencode( "%' OR 1=1 -- " ), null, 200 ),
			array( 'GET', '/threads?page=' . rawurlencode( $sql ), null, 400 ),
			array( 'GET', '/users?search=' . rawurlencode( $sql ) . '&role=' . rawurlencode( $sql ), null, 200 ),
			array( 'GET', '/users?include[]=' . rawurlencode( $sql ) . '&role[]=x', null, 400 ),
			array( 'GET', '/threads/' . rawurlencode( $sql ) . '/messages', null, 404 ),
			array( 'GET', '/threads/99999999999999999999/messages', null, 400 ),
			array( 'POST', '/threads', array( 'type' => $sql, 'participants' => array() ), 400 ),
			array( 'POST', '/threads', array( 'type' => 'group', 'participants' => array( $sql ) ), 400 ),
			array( 'POST', '/threads', array( 'type' => 'group', 'participants' => array( array( 1 ) ) ), 400 ),
			array( 'POST', '/threads', array( 'type' => array( 'group' ), 'participants' => array() ), 400 ),
			array( 'POST', '/threads', array( 'type' => 'group', 'participants' => array(), 'title' => array( 'x' ) ), 400 ),
			array( 'POST', '/messages/1/reactions', array( 'emoji' => '<b>' ), 400 ),
			array( 'POST', '/messages/1/reactions', array( 'emoji' => '👍👍' ), 400 ),
			array( 'POST', '/messages/1/reactions', array( 'emoji' => "👍\n" ), 400 ),
			array( 'POST', '/messages/1/reactions', array( 'emoji' => '7' ), 400 ),
			array( 'POST', '/messages/1/reactions', array( 'emoji' => str_repeat( "👩\u{200D}", 40 ) . '👩' ), 400 ),
			array( 'POST', '/messages/1/reactions', array( 'emoji' => array() ), 400 ),
		);
	}

	/**
	 * @dataProvider attacks
	 */
	public function test_nothing_becomes_sql_or_a_failure( string $method, string $route, ?array $body, int $status ): void {
		$user = $this->make_user();
		$this->make_thread( array( $this->make_user() ) );

		list( $got, $answer ) = $this->call( $method, $route, $body, $this->key( $user ) );

		$this->assertSame( $status, $got, (string) wp_json_encode( $answer ) );
		if ( isset( $answer['threads'] ) ) {
			$this->assertSame( array(), $answer['threads'] );
		}
	}
}
